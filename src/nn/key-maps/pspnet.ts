/** Key maps of PSPNet, and of ResNet alone. */
import { classifierDrop, type KeyMap, normalizerDrop } from "./key-map.js";

export const pspnetKeyMaps = {
  "pspnet/ddcat": {
    summary: "PSPNet of DDC-AT, its first classifier",
    family: "pspnet",
    marker: /^cls1\.0\.weight$/,
    drops: [[/^(cls2|mask1)\./, "DDC-AT's heads for training"]],
    renames: [
      [/^cls1\./, "cls."],
      [/^aux_cls1\./, "aux."],
    ],
    normalization: "imagenet",
  },
  "pspnet/authors": {
    summary: "PSPNet as the PIR-AT paper's code and semseg save it, and as Seawall does",
    family: "pspnet",
    marker: /^layer0\.0\.weight$/,
  },
  "resnet/torchvision": {
    summary:
      "ResNet of torchvision, robust classifiers with its names, and semseg's with three convolutions first",
    family: "pspnet",
    marker: /^layer1\.0\.conv1\.weight$/,
    drops: [classifierDrop, normalizerDrop, [/^attacker\./, "a second copy of the same weights"]],
    renames: [
      [/^conv1\./, "layer0.0."],
      [/^bn1\./, "layer0.1."],
      [/^conv2\./, "layer0.3."],
      [/^bn2\./, "layer0.4."],
      [/^conv3\./, "layer0.6."],
      [/^bn3\./, "layer0.7."],
    ],
    backbone: true,
  },
} as const satisfies Record<string, KeyMap>;

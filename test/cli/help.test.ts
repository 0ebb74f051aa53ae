/** Help as it is read: a change of any flag shows here. */
import { expect, it } from "vitest";
import { seawall } from "./program.js";

const help = async (...args: string[]) => {
  const { code, stdout, stderr } = await seawall([...args, "--help"]);
  expect([code, stderr]).toEqual([0, ""]);
  return stdout;
};

it("lists the verbs", async () => {
  expect(await help()).toMatchInlineSnapshot(`
    "Usage: seawall VERB [flags]

    Measures the adversarial robustness of segmentation models, and trains models that are robust.

    Options:
      --version  print the version
      --help     print this help

    Commands:
      eval       attack a model on labelled images and print the worst-case figures
      train      train a built-in architecture adversarially
      work       attack images for the runs of a queue, on any number of machines
      merge      merge the shards of a run into one result
      compare    compare two stored runs image by image
      verify     recompute a sample of a stored run and say match or mismatch
      view       show runs in the browser, live while they are going
      page       attack models in the browser, without uploading anything
      report     write report.html, csv and junit.xml of a stored run
      convert    make an ONNX file of a checkpoint and an architecture
      models     list the built-in architectures
      grad       write an ONNX model that also returns gradients
      doctor     check the machine, a model and a data set before a long run
      demo       run the main job on the sample that ships with the package

    seawall VERB --help says more about each.
    "
  `);
});

it("explains eval", async () => {
  expect(await help("eval")).toMatchInlineSnapshot(`
    "Usage: seawall eval [options]

    Attacks a model on labelled images, writes a run folder and prints the worst-case figures.

    Model:
      --model <FILE>                       ONNX file: image N×C×H×W in, logits N×K×h×w out
      --output <NAME>                      name of the output that holds the logits, if the model has
                                           several
      --layout <nchw|nhwc>                 layout of image and logits; default: found from the shapes
      --input-range <A,B>                  pixel values of black and white that the model expects;
                                           default 0,1
      --mean <R,G,B>                       mean of each channel (R,G,B for three), subtracted after
                                           --input-range
      --std <R,G,B>                        standard deviation of each channel, divided by after --mean
      --bgr                                the model expects BGR instead of RGB
      --window <HxW>                       run the model on windows of this size, HxW, and average the
                                           logits where they overlap; default: on whole images
      --stride <HxW>                       rows and columns from one window to the next, HxW; default:
                                           two thirds of --window

    Data:
      --data <SPEC>                        images and labels: folder:IMAGES,LABELS, camvid:ROOT,
                                           cityscapes:ROOT, voc:ROOT, sbd:ROOT or ade20k:ROOT
      --labels <truth|self>                truth: label files; self: the clean prediction is the
                                           reference (default: truth)
      --split <NAME>                       split of the data set; default: its validation split
      --limit <N>                          use only the first N images
      --offset <N>                         skip the first N images
      --resize-short <S>                   resize the shorter side of each image to S pixels
      --crop <HxW>                         centre crop of this size, HxW
      --bands <LIST>                       bands of the image files for the model's channels, counted
                                           from 1, as 4,3,2; luma: brightness of colour images
      --pixel-range <A,B>                  stored values of black and white; radii are shares of this
                                           range; default 0,255 for 8 bits, 0,65535 for 16 bits, 0,1 for
                                           floats
      --exif-orientation <apply|ignore>    whether images are turned as their EXIF orientation says;
                                           default: apply
      --classes <K|FILE>                   number of classes, or a file with one class name a line;
                                           default: those of the data set
      --ignore-label <L,…>                 pixels with this label, or one of these labels, count
                                           nowhere, -1 for none; default: that of the data set
      --label-map <MAP|FILE>               class of each stored value: entries such as
                                           255:1,7:ignore,1-11:0-10, reduce-zero (label - 1, 0 counts
                                           nowhere), cityscapes-ids, or a file with one line a class
      --palette <NAME|FILE>                labels are colours: voc, cityscapes, camvid, ade20k, or a
                                           file with one line a class (red green blue and its name)
      --label-suffix <TEXT>                what names of label files have at the end and names of images
                                           lack, such as _mask; default: nothing, or the known suffix
                                           that fits
      --label-variant <NAME>               another reading of the labels: voidClass (camvid),
                                           voidAsBackground (voc), withoutBackground (voc) or
                                           reduceZeroLabel (ade20k)
      --class-weights <SPEC>               data to count class weights in, written as for --data (for
                                           class-balanced-ce); default: the training split

    Attack:
      --eps <LIST>                         ℓ∞ radii, as shares of the range from black to white: 4/255
                                           or a decimal, comma-separated
      --attacks <LIST>                     ensemble, or list of attacks, comma-separated; with
                                           --protocol authors the default is sea-2023 (default: surge)
      --surrogate <FILE>                   ONNX file of another model of the same images and classes, by
                                           whose gradient every attack is made once more
                                           (transfer:ATTACK)
      --steps <N|auto>                     iterations of each attack; auto or auto:GAIN: 60, then rounds
                                           of attacks that go on, until one lowers aAcc and mIoU by less
                                           than GAIN percentage points (0.05) (default: 300)
      --max-steps <N>                      with --steps auto: the most steps of all attacks and rounds
                                           of a seed together, as the mean over images; default: 600
      --radius-schedule <reduce|constant>  reduce: radii 2ε, 1.5ε and ε for 30, 30 and 40 % of the
                                           steps; constant: ε for all steps (default: reduce)
      --perturb-channels <LIST>            channels that attacks may change, counted from 1, as 1,2,3;
                                           default: all
      --protocol <strict|authors>          strict: correct accounting; authors: the accounting of the
                                           published code (default: strict)
      --seed <N>                           seed of all random numbers (default: 0)
      --seeds <N>                          run every attack with N seeds, from --seed on; the worst case
                                           is over all, and the result says how far single seeds lie
                                           apart (default: 1)
      --plugin <FILE>                      module with losses, attacks, ensembles, data sets or gradient
                                           rules of your own; its code is run

    Running:
      --parallel <N>                       number of images attacked in parallel, each by its own
                                           worker; default: as many as cores and memory allow, and one
                                           on a graphics card
      --queue <URL>                        attack the images on other machines: queue on a Redis server,
                                           redis://HOST/NAME, at which they run seawall work
      --untrusted                          the model comes from a stranger: open it first in a process
                                           of its own, with bounds on memory and time, at every size of
                                           image
      --device <cpu|cuda|webgpu>           device that the engine runs on (default: cpu)
      --threads <N>                        number of threads; default: the engine's choice
      --out <DIR>                          run folder to write
      --resume                             continue the run in the folder
      --shard <i/n>                        evaluate part i of n, counted from 1; all parts have about as
                                           many pixels; seawall merge joins them
      --costs <RUN>                        run folder of an earlier run on these images; --shard divides
                                           them by the seconds that they took there
      --after <RUN>                        run folder of another shard, whose counts an attack on the
                                           mIoU of the whole set goes on from; one for each
      --trace <N>                          record every step of the attacks on the first N images, for
                                           the report (default: 0)
      --report                             write report.html and its pictures into the run folder
                                           (--no-report: do not) (default: true)
      --save-images                        store every perturbed image that is counted in the run
                                           folder, as a NumPy array of floats and, rounded to 8 bits, as
                                           a PNG
      --gate <EXPR>                        condition on the result, such as worst.mIoU@4/255>=0.60; exit
                                           code 3 if it does not hold
      --gate-allow <CHECK,…>               gates may hold although these soundness checks failed, such
                                           as labels,convergence
      --gate-despite-checks                gates may hold although a soundness check failed

    Options:
      --config <FILE>                      settings from a YAML or JSON file, or a module; a flag on the
                                           line wins; paths start at the working directory
      --json                               print the result as JSON on stdout
      --dry-run                            print what would be done and stop
      --timing                             print where the time went, on the clock and of processors
      --help                               print this help

    Attacks:
      sea-2023, sea-2024, strongest, surge, surge-fast, sea-two-speed
      apgd:LOSS, pgd:LOSS, segpgd, cospgd, padam:LOSS, padam-ce, padam-cos, sharpen:LOSS, polish:LOSS, reopen:LOSS, alma-prox, pdpgd, dag, square, region-search, transfer-search, noise
      with LOSS one of ce, mask-ce, soft-mask-ce-sharp, soft-mask-ce, soft-mask-ce-wide, balanced-ce,
        class-balanced-ce, js, cospgd, cospgd-sigmoid, expected-accuracy, expected-miou,
        mask-spherical, margin, mask-margin, dlr
      transfer:ATTACK, by the gradient of --surrogate

    Example:
      seawall eval --model model.onnx --data folder:images,labels --classes 11 --ignore-label 11 \\
                   --eps 2/255,4/255 --steps 300 --out runs/first
    "
  `);
});

it("explains merge", async () => {
  expect(await help("merge")).toMatchInlineSnapshot(`
    "Usage: seawall merge [options] <RUN...>

    Puts the shards of a run together; the result is that of the run made in one piece.

    Arguments:
      RUN                     the run folders of all shards

    Options:
      --out <DIR>             folder of the whole run
      --gate <EXPR>           condition such as worst.mIoU@4/255>=0.60; exit code 3 if it fails
      --json                  print the result as JSON on stdout
      --gate-allow <CHECK,…>  gates may hold although these soundness checks failed, such as
                              labels,convergence
      --gate-despite-checks   gates may hold although a soundness check failed
      --help                  print this help

    Example:
      seawall eval --config camvid.yaml --shard 1/2 --out runs/1
      seawall eval --config camvid.yaml --shard 2/2 --out runs/2
      seawall merge runs/1 runs/2 --out runs/whole
    "
  `);
});

it("explains compare", async () => {
  expect(await help("compare")).toMatchInlineSnapshot(`
    "Usage: seawall compare [options] <A> <B>

    Compares two stored runs image by image, B with A, from their records alone.

    Arguments:
      A                       run folder that is compared with, or a zip of one
      B                       run folder that is compared, or a zip of one

    Options:
      --allow-different       compare what both have although data or protocol differ
      --top <N>               images that changed most to list (default: 5)
      --seed <N>              seed of the bootstrap resamples behind the intervals (default: 0)
      --gate <EXPR>           condition such as 'worst.mIoU@4/255 diff>=-0.01'; exit code 3 if it fails
      --config <FILE>         gates and seed from a YAML or JSON file, or a module; a flag on the line
                              wins
      --json                  print the comparison as JSON on stdout
      --gate-allow <CHECK,…>  gates may hold although these soundness checks failed, such as
                              labels,convergence
      --gate-despite-checks   gates may hold although a soundness check failed
      --help                  print this help

    Gates:
      SUBJECT.FIGURE@RADIUS diff>=NUMBER with FIGURE aAcc or mIoU; diff is B − A,
      low and high instead of diff are the ends of its 95 % interval

    Example:
      seawall compare runs/before runs/after --gate 'worst.mIoU@4/255 diff>=-0.01'
    "
  `);
});

it("explains verify", async () => {
  expect(await help("verify")).toMatchInlineSnapshot(`
    "Usage: seawall verify [options] <RUN>

    Recomputes a random sample of a stored run's records and compares: match or mismatch.

    Arguments:
      RUN                         run folder, or a zip of one

    Model:
      --model <FILE>              ONNX file: image N×C×H×W in, logits N×K×h×w out

    Data:
      --data <SPEC>               images and labels: folder:IMAGES,LABELS, camvid:ROOT, cityscapes:ROOT,
                                  voc:ROOT, sbd:ROOT or ade20k:ROOT
      --classes <K|FILE>          number of classes, or a file with one class name a line; default:
                                  those of the data set
      --class-weights <SPEC>      data to count class weights in, written as for --data (for
                                  class-balanced-ce); default: the training split

    Running:
      --device <cpu|cuda|webgpu>  device that the engine runs on (default: cpu)
      --threads <N>               number of threads; default: the engine's choice
      --untrusted                 the model comes from a stranger: open it first in a process of its
                                  own, with bounds on memory and time, at every size of image

    Attack:
      --surrogate <FILE>          ONNX file of another model of the same images and classes, by whose
                                  gradient every attack is made once more (transfer:ATTACK)
      --plugin <FILE>             module with losses, attacks, ensembles, data sets or gradient rules of
                                  your own; its code is run

    Options:
      --sample <N>                records to make again (default: 10)
      --seed <N>                  seed of the choice of records (default: 0)
      --tolerance <T>             by how much an image's accuracy may differ; with 0 all must be equal
                                  (default: 0)
      --json                      print the verdicts as JSON on stdout
      --help                      print this help

    Model, data, classes, class weights, surrogate, device and threads are those of the run unless given;
    their content must be the same. Exit code 3 if a record or the stored result does not match.

    Example:
      seawall verify runs/first --sample 5
    "
  `);
});

it("explains view", async () => {
  expect(await help("view")).toMatchInlineSnapshot(`
    "Usage: seawall view [options] [RUN...]

    Shows runs and trainings in the browser, live while they are going. Answers this machine alone.

    Arguments:
      RUN         folders of runs and trainings, folders above them, or zips of run folders (default:
                  runs)

    Options:
      --port <N>  port of the page; 0 takes any free one (default: 8327)
      --help      print this help

    Ctrl-C ends it.

    Example:
      seawall view runs
    "
  `);
});

it("explains grad", async () => {
  expect(await help("grad")).toMatchInlineSnapshot(`
    "Usage: seawall grad [options]

    Writes an ONNX model that also returns gradients, in standard operators only.

    Options:
      --model <FILE>           ONNX file
      --out <FILE>             ONNX file to write
      --loss <ce|none>         none: any loss outside, through the input output_grad (choices: "ce",
                               "none", default: "ce")
      --input-shape <1xCxHxW>  shape of the input, where the file leaves it open
      --output <NAME>          name of the output that holds the logits, if the model has several
      --ignore-label <L>       pixels with this label count nowhere (default: -1)
      --params                 one more output grad/NAME for each trainable initializer
      --wrt <NAME...>          float inputs to differentiate, with --loss none; default: all
      --untrusted              the model comes from a stranger: open it first in a process of its own,
                               with bounds on memory and time, at every size of image
      --no-check               write without comparing with finite differences
      --json                   print inputs, outputs and the check as JSON on stdout
      --help                   print this help

    Example:
      seawall grad --model model.onnx --loss ce --input-shape 1x3x360x480 --out model.grad.onnx
    "
  `);
});

it("explains doctor", async () => {
  expect(await help("doctor")).toMatchInlineSnapshot(`
    "Usage: seawall doctor [options]

    Checks the machine, its devices, a model and the first images of a data set, and estimates the time
    of a run.

    Model:
      --model <FILE>                       ONNX file: image N×C×H×W in, logits N×K×h×w out
      --output <NAME>                      name of the output that holds the logits, if the model has
                                           several
      --layout <nchw|nhwc>                 layout of image and logits; default: found from the shapes
      --input-range <A,B>                  pixel values of black and white that the model expects;
                                           default 0,1
      --mean <R,G,B>                       mean of each channel (R,G,B for three), subtracted after
                                           --input-range
      --std <R,G,B>                        standard deviation of each channel, divided by after --mean
      --bgr                                the model expects BGR instead of RGB
      --window <HxW>                       run the model on windows of this size, HxW, and average the
                                           logits where they overlap; default: on whole images
      --stride <HxW>                       rows and columns from one window to the next, HxW; default:
                                           two thirds of --window

    Data:
      --data <SPEC>                        images and labels: folder:IMAGES,LABELS, camvid:ROOT,
                                           cityscapes:ROOT, voc:ROOT, sbd:ROOT or ade20k:ROOT
      --labels <truth|self>                truth: label files; self: the clean prediction is the
                                           reference (default: truth)
      --split <NAME>                       split of the data set; default: its validation split
      --limit <N>                          use only the first N images
      --offset <N>                         skip the first N images
      --resize-short <S>                   resize the shorter side of each image to S pixels
      --crop <HxW>                         centre crop of this size, HxW
      --bands <LIST>                       bands of the image files for the model's channels, counted
                                           from 1, as 4,3,2; luma: brightness of colour images
      --pixel-range <A,B>                  stored values of black and white; radii are shares of this
                                           range; default 0,255 for 8 bits, 0,65535 for 16 bits, 0,1 for
                                           floats
      --exif-orientation <apply|ignore>    whether images are turned as their EXIF orientation says;
                                           default: apply
      --classes <K|FILE>                   number of classes, or a file with one class name a line;
                                           default: those of the data set
      --ignore-label <L,…>                 pixels with this label, or one of these labels, count
                                           nowhere, -1 for none; default: that of the data set
      --label-map <MAP|FILE>               class of each stored value: entries such as
                                           255:1,7:ignore,1-11:0-10, reduce-zero (label - 1, 0 counts
                                           nowhere), cityscapes-ids, or a file with one line a class
      --palette <NAME|FILE>                labels are colours: voc, cityscapes, camvid, ade20k, or a
                                           file with one line a class (red green blue and its name)
      --label-suffix <TEXT>                what names of label files have at the end and names of images
                                           lack, such as _mask; default: nothing, or the known suffix
                                           that fits
      --label-variant <NAME>               another reading of the labels: voidClass (camvid),
                                           voidAsBackground (voc), withoutBackground (voc) or
                                           reduceZeroLabel (ade20k)
      --class-weights <SPEC>               data to count class weights in, written as for --data (for
                                           class-balanced-ce); default: the training split

    Attack:
      --eps <LIST>                         ℓ∞ radii, as shares of the range from black to white: 4/255
                                           or a decimal, comma-separated
      --attacks <LIST>                     ensemble, or list of attacks, comma-separated; with
                                           --protocol authors the default is sea-2023 (default: surge)
      --surrogate <FILE>                   ONNX file of another model of the same images and classes, by
                                           whose gradient every attack is made once more
                                           (transfer:ATTACK)
      --steps <N|auto>                     iterations of each attack; auto or auto:GAIN: 60, then rounds
                                           of attacks that go on, until one lowers aAcc and mIoU by less
                                           than GAIN percentage points (0.05) (default: 300)
      --max-steps <N>                      with --steps auto: the most steps of all attacks and rounds
                                           of a seed together, as the mean over images; default: 600
      --radius-schedule <reduce|constant>  reduce: radii 2ε, 1.5ε and ε for 30, 30 and 40 % of the
                                           steps; constant: ε for all steps (default: reduce)
      --perturb-channels <LIST>            channels that attacks may change, counted from 1, as 1,2,3;
                                           default: all
      --protocol <strict|authors>          strict: correct accounting; authors: the accounting of the
                                           published code (default: strict)
      --seed <N>                           seed of all random numbers (default: 0)
      --seeds <N>                          run every attack with N seeds, from --seed on; the worst case
                                           is over all, and the result says how far single seeds lie
                                           apart (default: 1)
      --plugin <FILE>                      module with losses, attacks, ensembles, data sets or gradient
                                           rules of your own; its code is run

    Running:
      --parallel <N>                       number of images attacked in parallel, each by its own
                                           worker; default: as many as cores and memory allow, and one
                                           on a graphics card
      --untrusted                          the model comes from a stranger: open it first in a process
                                           of its own, with bounds on memory and time, at every size of
                                           image
      --device <cpu|cuda|webgpu>           device that the engine runs on (default: cpu)
      --threads <N>                        number of threads; default: the engine's choice

    Options:
      --config <FILE>                      settings from a YAML or JSON file, or a module; a flag on the
                                           line wins; paths start at the working directory
      --json                               print the findings as JSON on stdout
      --help                               print this help

    Every flag is optional. --limit sets how many images are read (default: 20). With --eps, the doctor
    estimates the run that seawall eval would make with the same flags.

    Example:
      seawall doctor --model model.onnx --data folder:images,labels --ignore-label 255 --eps 4/255
    "
  `);
});

it("explains demo", async () => {
  expect(await help("demo")).toMatchInlineSnapshot(`
    "Usage: seawall demo [options]

    Attacks the models that ship with the package: a fragile and a robust one side by side, then a
    published model.

    Options:
      --out <DIR>  folder of the pictures (default: "seawall-demo")
      --steps <N>  iterations of each attack (default: 30)
      --json       print the results as JSON on stdout
      --help       print this help

    Example:
      seawall demo
    "
  `);
});

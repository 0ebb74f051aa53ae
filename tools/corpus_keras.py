"""The cases of `corpus.py` that Keras exports: by tf2onnx, and by Keras' own `export`.

Float64 gradients come from TensorFlow's gradient tape through the same network in float64.
"""

import functools
import os
from collections.abc import Callable
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras
import numpy as np
import tensorflow as tf
import tf2onnx
from keras import layers

import corpus_files
from corpus_case import Case, facts

CLASSES = 5
SIZE = 64


def unet(image):
    first = conv(image, 16)
    second = conv(layers.MaxPooling2D()(first), 24)
    third = conv(layers.MaxPooling2D()(second), 32)
    up = layers.Conv2DTranspose(24, 2, strides=2)(third)
    up = layers.Concatenate()([conv(up, 24), second])
    up = layers.Conv2DTranspose(16, 2, strides=2)(up)
    return layers.Conv2D(CLASSES, 1)(conv(layers.Concatenate()([up, first]), 16))


def conv(x, width, **options):
    x = layers.Conv2D(width, 3, padding="same", use_bias=False, **options)(x)
    return layers.ReLU()(layers.BatchNormalization()(x))


def fcn_mobilenet(image):
    """MobileNetV2 at stride 8 and 32, joined as FCN-8 joins them."""
    encoder = keras.applications.MobileNetV2(input_tensor=image, alpha=0.35, include_top=False, weights=None)
    fine = layers.Conv2D(CLASSES, 1)(encoder.get_layer("block_6_expand_relu").output)
    coarse = layers.Conv2D(CLASSES, 1)(encoder.output)
    up = layers.UpSampling2D(4, interpolation="bilinear")(coarse)
    return layers.UpSampling2D(8, interpolation="bilinear")(layers.Add()([fine, up]))


def deeplab_xception(image):
    """Atrous spatial pyramid pooling on a small separable encoder."""
    x = conv(image, 16, strides=2)
    for width in (24, 32):
        x = layers.SeparableConv2D(width, 3, padding="same", strides=2, use_bias=False)(x)
        x = layers.Activation("relu")(layers.BatchNormalization()(x))
    pooled = layers.GlobalAveragePooling2D(keepdims=True)(x)
    pooled = layers.UpSampling2D(8, interpolation="bilinear")(layers.Conv2D(16, 1)(pooled))
    branches = [layers.Conv2D(16, 3, padding="same", dilation_rate=rate)(x) for rate in (1, 2, 3)]
    x = conv(layers.Concatenate()([*branches, pooled]), 24)
    return layers.UpSampling2D(8, interpolation="bilinear")(layers.Conv2D(CLASSES, 1)(x))


def attention_unet(image):
    """A U-Net whose skip connections pass a gate, with swish and layer normalization."""
    first = conv(image, 16)
    x = layers.LayerNormalization()(layers.Conv2D(24, 4, strides=4, activation="swish")(first))
    tokens = layers.Reshape((256, 24))(x)
    tokens = layers.Add()([tokens, layers.MultiHeadAttention(4, 8)(tokens, tokens)])
    x = layers.Reshape((16, 16, 24))(tokens)
    up = layers.UpSampling2D(4, interpolation="nearest")(x)
    gate = layers.Conv2D(16, 1, activation="sigmoid")(up)
    return layers.Conv2D(CLASSES, 1)(layers.Concatenate()([up, layers.Multiply()([first, gate])]))


NETWORKS: list[tuple[str, str, Callable]] = [
    ("unet", "U-Net", unet),
    ("fcn-mobilenetv2", "FCN", fcn_mobilenet),
    ("deeplab", "DeepLabV3", deeplab_xception),
    ("attention-unet", "Attention U-Net", attention_unet),
]

ENDINGS = {"": lambda x: x, "softmax": layers.Softmax(), "argmax": lambda x: keras.ops.argmax(x, axis=-1)}


def cases() -> list[Case]:
    rows = [(name, title, build, route, "") for name, title, build in NETWORKS for route in ("tf2onnx", "keras")]
    rows += [("unet", "U-Net", unet, "tf2onnx", ending) for ending in ("softmax", "argmax")]
    return [case(*row) for row in rows]


def case(name: str, architecture: str, build: Callable, route: str, ending: str) -> Case:
    exporter = "tf2onnx 18" if route == "tf2onnx" else "Keras export"
    known = facts(architecture, "Keras", exporter, SIZE, f"N×H×W×3{f', {ending} at the end' if ending else ''}")
    label = f"keras-{name}{f'-{ending}' if ending else ''}.{route}"
    return Case(label, known, functools.partial(make, build, route, ending))


def model(build: Callable, ending: str = "") -> keras.Model:
    image = keras.Input((SIZE, SIZE, 3), batch_size=1, name="image")
    return keras.Model(image, ENDINGS[ending](build(image)))


def make(build: Callable, route: str, ending: str, folder: Path) -> dict:
    compute_in("float32")
    keras.utils.set_random_seed(1)
    network = model(build)
    draw_weights(network)
    ended = model(build, ending)
    ended.set_weights(network.get_weights())
    if route == "keras":
        ended(np.zeros((1, SIZE, SIZE, 3), np.float32))
        ended.export(str(folder / "model.onnx"), format="onnx", verbose=False)
    else:
        signature = [tf.TensorSpec((1, SIZE, SIZE, 3), tf.float32, name="image")]
        function = tf.function(lambda image: ended(image, training=False), input_signature=signature)
        tf2onnx.convert.from_function(
            function, input_signature=signature, opset=18, output_path=str(folder / "model.onnx")
        )
    corpus_files.write_best(folder, lambda *case: in_both(network, build, *case), SIZE, CLASSES)
    return {}


def compute_in(dtype: str) -> None:
    keras.config.set_floatx(dtype)
    keras.config.set_dtype_policy(dtype)


def draw_weights(network: keras.Model) -> None:
    """Statistics of batch normalizations from random images; kernels keep Keras' initial values, which are random."""
    images = np.random.default_rng(0).random((8, SIZE, SIZE, 3), np.float32)
    for layer in network.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.momentum = 0.5
    for _ in range(12):
        network(images, training=True)


def in_both(network: keras.Model, build: Callable, image: np.ndarray, labels: np.ndarray):
    """Logits and gradient in float64, and the gradient in float32, all N×C×H×W."""
    _, single = gradient(network, image, labels)
    compute_in("float64")
    precise = model(build)
    precise.set_weights([weight.astype(np.float64) for weight in network.get_weights()])
    logits, double = gradient(precise, image.astype(np.float64), labels)
    compute_in("float32")
    return logits, double, single


def gradient(network: keras.Model, image: np.ndarray, labels: np.ndarray):
    pixels = tf.constant(image.transpose(0, 2, 3, 1))
    with tf.GradientTape() as tape:
        tape.watch(pixels)
        logits = network(pixels, training=False)
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
    return logits.numpy().transpose(0, 3, 1, 2), tape.gradient(loss, pixels).numpy().transpose(0, 3, 1, 2)

"""The reference of lecture 13, transfer learning: written in another way than the notebook's solution.

Sources
-------
The course's slides: "Reusing pretrained layers" and "Transfer learning" (the experiment with Fashion-MNIST, and the table of strategies).
A. Géron: Hands-on machine learning with Scikit-Learn, Keras, and TensorFlow, chapter 11 (the experiment's source).
J. Yosinski et al.: How transferable are features in deep neural networks?, NeurIPS 2014.
Y. Bengio et al.: Greedy layer-wise training of deep networks, NeurIPS 2006, section 2 (stacked autoencoders).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

Layers = list[tuple[np.ndarray, np.ndarray]]


def split_classes(
    X: np.ndarray, y: np.ndarray, held_out: Sequence[int]
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Split a data set into a task A with most classes and a task B with two (the slides' experiment).

    Parameters
    ----------
    X : array of shape (N, …)
    y : array of int, shape (N,)
        Labels 0 … K − 1, each of which is there.
    held_out : pair of int
        The classes of task B; the second one is its positive class.

    Returns
    -------
    ((X_A, y_A), (X_B, y_B))
        Labels of A are 0 … K − 3 in the classes' order, those of B 0.0 and 1.0.
    """
    negative, positive = (int(label) for label in held_out)
    new_labels: dict[int, int] = {}
    for label in sorted({int(label) for label in y}):
        if label not in (negative, positive):
            new_labels[label] = len(new_labels)
    in_A = [place for place, label in enumerate(y) if int(label) in new_labels]
    in_B = [place for place, label in enumerate(y) if int(label) not in new_labels]
    y_A = np.array([new_labels[int(y[place])] for place in in_A], dtype=int)
    y_B = np.array([float(y[place] == positive) for place in in_B])
    return (np.take(X, in_A, axis=0), y_A), (np.take(X, in_B, axis=0), y_B)


def reuse_layers(params_A: Layers, n_reuse: int, n_out: int, rng: np.random.Generator) -> Layers:
    """Copy the first layers of a network, and put a fresh layer on top (the slides' option 2).

    Parameters
    ----------
    params_A : list of (W, b)
    n_reuse : int
        How many layers are copied, from 0 to one less than there are.
    n_out : int
        Units of the new layer.
    rng : Generator

    Returns
    -------
    list of (W, b)
        The new layer has normal weights of variance 1/fan_in, and biases 0.
    """
    fan_in = np.shape(params_A[n_reuse][0])[0]
    head = rng.standard_normal((fan_in, n_out)) / np.sqrt(fan_in), np.zeros(n_out)
    return [*((np.array(params_A[layer][0]), np.array(params_A[layer][1])) for layer in range(n_reuse)), head]


def frozen_step(params: Layers, grads: Layers, lr: float, trainable: Sequence[bool]) -> Layers:
    """Take a step of gradient descent with some layers frozen: θ ← θ − lr·∇ where a layer is trainable, θ elsewhere.

    Parameters
    ----------
    params, grads : list of (W, b)
    lr : float
    trainable : sequence of bool
        One for each layer.

    Returns
    -------
    list of (W, b)
    """
    rates = [lr if trains else 0.0 for trains in trainable]
    moved = []
    for rate, layer, slopes in zip(rates, params, grads, strict=True):
        W, b = (np.array(part, dtype=float) for part in layer)
        moved.append((W + -rate * np.asarray(slopes[0]), b + -rate * np.asarray(slopes[1])) if rate else (W, b))
    return moved


def transfer_strategy(data: str, similarity: str) -> str:
    """Say what to do with a pretrained network (the slides' table, after the course notes of Stanford's CS231n).

    Parameters
    ----------
    data : {"little", "lots"}
        How much of it the new task has.
    similarity : {"similar", "different"}
        Of the new task's data to those of the old one.

    Raises
    ------
    ValueError
        For any other word.
    """
    if data not in ("little", "lots") or similarity not in ("similar", "different"):
        raise ValueError("data is little or lots, and similarity is similar or different")
    if data == "lots":
        return f"finetune {'a few' if similarity == 'similar' else 'many'} layers"
    return "linear classifier" + ("s at several stages" if similarity == "different" else "")


def autoencoder_gradients(params: Layers, X: np.ndarray) -> tuple[float, Layers]:
    """Return the loss of an autoencoder, ‖relu(X·W1 + b1)·W2 + b2 − X‖²/(N·D), and its gradients (Bengio et al. 2006).

    Parameters
    ----------
    params : [(W1, b1), (W2, b2)]
        Of shapes (D, H), (H,), (H, D) and (D,).
    X : array of shape (N, D)

    Returns
    -------
    loss : float
    grads : [(dW1, db1), (dW2, db2)]
    """
    (W1, b1), (W2, b2) = (tuple(np.asarray(part, dtype=float) for part in layer) for layer in params)
    grads = [np.zeros(part.shape) for part in (W1, b1, W2, b2)]
    loss, entries = 0.0, np.size(X)
    for x in np.asarray(X, dtype=float):  # example by example
        code = np.einsum("d,dh->h", x, W1) + b1
        active = 1.0 * (code > 0)
        residual = np.einsum("h,hd->d", active * code, W2) + b2 - x
        loss += float(np.sum(residual**2)) / entries
        upstream = residual * (2 / entries)
        back = np.einsum("d,hd->h", upstream, W2) * active
        for grad, part in zip(grads, (np.outer(x, back), back, np.outer(active * code, upstream), upstream), strict=True):
            grad += part
    return loss, [(grads[0], grads[1]), (grads[2], grads[3])]


def pretrain_stack(X: np.ndarray, sizes: Sequence[int], train_autoencoder: Callable[[np.ndarray, int], tuple]) -> Layers:
    """Train a stack of encoders layer by layer, each on the codes of the one below (greedy pretraining, Bengio et al. 2006).

    Parameters
    ----------
    X : array of shape (N, D)
    sizes : sequence of int
        The numbers of hidden units, from the first layer to the last.
    train_autoencoder : callable
        ``train_autoencoder(X, n_hidden) -> (W, b)``, an encoder for X.

    Returns
    -------
    list of (W, b)
    """
    layers: Layers = []
    for layer in range(len(sizes)):
        codes = np.array(X)
        for W, b in layers:  # from X on, each time
            codes = np.clip(np.dot(codes, W) + b, 0.0, None)
        encoder = train_autoencoder(codes, sizes[layer])
        layers = [*layers, (encoder[0], encoder[1])]
    return layers

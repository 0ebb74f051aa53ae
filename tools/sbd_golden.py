"""Golden files for test/data: label files as the Semantic Boundaries Dataset has them.

    python tools/sbd_golden.py                      writes test/golden/sbd/

Needs SciPy and NumPy. `masks.json` says what `Segmentation` holds, row by row.
"""

import json

import numpy as np
from pillow_resize import GOLDEN
from scipy.io import savemat
from scipy.sparse import csc_matrix

MASK = np.array([[0, 0, 15, 15, 2], [0, 20, 15, 2, 2], [0, 0, 0, 0, 2]], dtype=np.uint8)


def boundaries():
    """One sparse matrix a class; the reader steps over them."""
    cells = np.empty((20, 1), dtype=object)
    for k in range(20):
        cells[k, 0] = csc_matrix((MASK == k + 1).astype(float))
    return cells


if __name__ == "__main__":
    folder = GOLDEN / "sbd"
    folder.mkdir(exist_ok=True)
    present = np.unique(MASK[MASK > 0]).reshape(-1, 1)
    struct = {"Boundaries": boundaries(), "Segmentation": MASK, "CategoriesPresent": present}
    for name, pack in [("packed", True), ("plain", False)]:
        savemat(folder / f"{name}.mat", {"GTcls": struct}, do_compression=pack, oned_as="column")
    (folder / "masks.json").write_text(json.dumps(MASK.tolist()) + "\n")

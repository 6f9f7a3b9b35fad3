"""Connected components: identifiers that links hold together are one person."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

if TYPE_CHECKING:
    from numpy.typing import NDArray


def components(left: NDArray[np.uint64], right: NDArray[np.uint64]) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """The linked nodes in ascending order, and for each the smallest node of its component.

    ``left`` and ``right`` are the two ends of each link. The smallest node names the component, so the name does not
    depend on the order in which links are given.
    """
    nodes, places = np.unique(np.concatenate([left, right]), return_inverse=True)
    if not nodes.size:
        return nodes, nodes
    graph = coo_array(
        (np.ones(left.size, dtype=np.int8), (places[: left.size], places[left.size :])), shape=(nodes.size, nodes.size)
    )
    _, labels = connected_components(graph, directed=False)
    # nodes ascend, so the first of each label is its smallest
    _, first = np.unique(labels, return_index=True)
    return nodes, nodes[first][labels]

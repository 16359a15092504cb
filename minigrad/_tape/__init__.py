"""The tape: what an op is, what is recorded when one is applied, and the loop that goes back over it.

It knows no op of the vocabulary, no method of Tensor and no maths.

    graph       nodes, what the tape needs of a tensor, version cells, views
    primitive   an op: a function on arrays with one rule per input
    fitting     how a gradient comes to have its input's shape
    saved       what nodes keep, looked at or kept another way
    unroll      the source of the functions generated for an op
    engine      the backward loop
"""

from .fitting import fitted
from .graph import (
    AccumulateGrad,
    Array,
    Frozen,
    Node,
    Traced,
    alias,
    cell,
    edge,
    errors,
    follow,
    mode,
    new,
    node_of,
    numbering,
    refresh,
    settled,
    silent,
    spoilt,
    stacks,
    wrap,
)
from .hooks import RemovableHandle, noted
from .primitive import (
    aliases,
    bind,
    heed,
    heed_inference,
    number_in,
    primitive,
    primitives,
    variadic,
    watch,
)

__all__ = [
    "AccumulateGrad",
    "Array",
    "Frozen",
    "Node",
    "RemovableHandle",
    "Traced",
    "alias",
    "aliases",
    "bind",
    "cell",
    "edge",
    "errors",
    "fitted",
    "follow",
    "heed",
    "heed_inference",
    "mode",
    "new",
    "node_of",
    "noted",
    "number_in",
    "numbering",
    "primitive",
    "primitives",
    "refresh",
    "settled",
    "silent",
    "spoilt",
    "stacks",
    "variadic",
    "watch",
    "wrap",
]

"""`eva train` with the weights sharded over CPUs, as it is started on several GPUs.

accelerate shards on accelerators only. What stands in here is its choice of the strategy; sharding, gathering
and checkpoints are torch's own, over gloo.
"""

from __future__ import annotations

import sys
from typing import Any

from accelerate.state import AcceleratorState, PartialState
from accelerate.utils import DistributedType

from eva.cli import main

choose = AcceleratorState.__init__


def sharding(self: Any, *args: Any, fsdp_plugin: Any = None, **kwargs: Any) -> None:
    choose(self, *args, fsdp_plugin=fsdp_plugin, **kwargs)
    if fsdp_plugin is not None and self.distributed_type == DistributedType.MULTI_CPU:
        self.fsdp_plugin = fsdp_plugin
        self.distributed_type = DistributedType.FSDP
        PartialState._shared_state["distributed_type"] = self.distributed_type


if __name__ == "__main__":
    AcceleratorState.__init__ = sharding  # type: ignore[method-assign]
    sys.exit(main())

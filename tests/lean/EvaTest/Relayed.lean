import Eva.Client.Shared
import EvaTest.FileChannel

/-!
# Where there are no sockets, the process's client dials through a relay

With this module imported, every connection of this process goes through the relay (`tests/zmtp/relay.py`) that watches
the directory `relay` in the working directory. `tools/lean_worker.py` starts it, and imports this module besides what
the user's file imports.
-/

namespace EvaTest

initialize Eva.dialer.set (← FileChannel.dial "relay")

end EvaTest

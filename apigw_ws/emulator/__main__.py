from __future__ import annotations

import sys

from apigw_ws.emulator.main import main

sys.exit(main())

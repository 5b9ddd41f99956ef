from .programs import main

raise SystemExit(main())

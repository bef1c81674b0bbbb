"""The tray icon: what it looks like, its menu, and the desktops it can live on."""

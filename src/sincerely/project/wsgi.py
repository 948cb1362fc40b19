"""The web process' entry point for granian: ends with its parent, follows the clock."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from sincerely.wire import clock
from sincerely.wire.parent import die_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sincerely.project.settings")
application = get_wsgi_application()
die_with_parent(os.getppid())
if settings.CLOCK_TURNABLE:
    clock.watch(settings.HOME)

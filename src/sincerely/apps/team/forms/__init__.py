"""Forms of the team pages."""

from sincerely.apps.team.forms.brands import BrandForm, FirstBrandForm
from sincerely.apps.team.forms.people import (
    InviteForm,
    JoinForm,
    OwnerForm,
    ProfileForm,
    RoleForm,
    zone_choices,
)
from sincerely.apps.team.forms.settings import KeyForm, OrganisationForm, TrailForm

__all__ = [
    "BrandForm",
    "FirstBrandForm",
    "InviteForm",
    "JoinForm",
    "KeyForm",
    "OrganisationForm",
    "OwnerForm",
    "ProfileForm",
    "RoleForm",
    "TrailForm",
    "zone_choices",
]

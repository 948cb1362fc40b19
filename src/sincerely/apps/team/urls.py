"""Addresses of the team pages."""

from django.urls import path

from sincerely.apps.team.views import brands, keys, members, overview, profile, trail

app_name = "team"
urlpatterns = [
    path("settings/", overview.overview, name="overview"),
    path("settings/organisation/", overview.organisation, name="organisation"),
    path("settings/roles/", overview.roles, name="roles"),
    path("settings/system/", overview.system, name="system"),
    path("settings/members/", members.listing, name="members"),
    path("settings/members/invite/", members.invite, name="invite"),
    path(
        "settings/members/invitations/<int:invitation_id>/withdraw/",
        members.withdraw,
        name="withdraw-invitation",
    ),
    path("settings/members/<int:member_id>/", members.one, name="member"),
    path("settings/members/<int:member_id>/activity/", members.activity, name="member-activity"),
    path("settings/members/<int:member_id>/link/", members.password_link, name="member-link"),
    path("join/<str:secret>/", members.join, name="join"),
    path("settings/brands/", brands.listing, name="brands"),
    path("settings/brands/new/", brands.new, name="brand-new"),
    path("settings/brands/<int:brand_id>/", brands.one, name="brand"),
    path("settings/brands/<int:brand_id>/archive/", brands.archive, name="brand-archive"),
    path("settings/brands/<int:brand_id>/logo/", brands.logo, name="brand-logo"),
    path("settings/api-keys/", keys.listing, name="keys"),
    path("settings/api-keys/<int:key_id>/revoke/", keys.revoke, name="key-revoke"),
    path("settings/audit/", trail.listing, name="trail"),
    path("settings/me/", profile.profile, name="profile"),
]

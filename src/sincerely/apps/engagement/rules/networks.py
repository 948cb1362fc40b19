"""Networks that give a machine away: filters surely or probably, hosting by suspicion.

Sources: science.md section 1.2 (scopes and certainty after a public catalogue; Exchange Online is
left out on purpose, because Outlook on the web fetches images from there; browser isolation makes
real people arrive from the probable ones). Hosting blocks are large well-known ranges, enough for
a hint of weight 1.5 on clicks; the list is short by design, since it is only ever one hint of many.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from socket import AF_INET, inet_pton

CERTAIN = (
    # Microsoft EOP and Defender: the filtering tier, where nobody reads mail
    "40.92.0.0/15", "40.107.0.0/16", "52.100.0.0/14", "104.47.0.0/17",
    "2a01:111:f400::/48", "2a01:111:f403::/48",
    # Barracuda Email Gateway Defense
    "209.222.82.0/24", "35.176.92.96/27", "18.185.115.192/26", "3.24.133.128/25",
)  # fmt: skip
PROBABLE = (
    # Proofpoint
    "67.231.144.0/20", "148.163.128.0/19", "205.220.160.0/20", "208.84.64.0/22", "208.86.200.0/22",
    "185.132.180.0/22", "185.183.28.0/22", "91.207.212.0/23", "91.209.104.0/24",
    # Mimecast
    "205.139.110.0/23", "207.211.30.0/23", "63.128.21.0/24", "170.10.128.0/22", "216.205.24.0/24",
    "91.220.42.0/24", "146.101.78.0/24", "195.130.217.0/24", "185.58.84.0/22", "103.96.20.0/22",
    # Cisco Secure Email (IronPort)
    "68.232.128.0/19", "216.71.128.0/19", "208.90.56.0/21", "184.94.240.0/20",
)  # fmt: skip
HOSTING = (
    "3.0.0.0/9", "18.128.0.0/9", "34.192.0.0/10", "44.192.0.0/10", "52.0.0.0/11", "54.64.0.0/10",
    "54.144.0.0/12", "54.160.0.0/11", "54.192.0.0/12", "54.208.0.0/13", "34.64.0.0/10",
    "35.184.0.0/13", "35.192.0.0/11", "35.224.0.0/12", "104.154.0.0/15", "104.196.0.0/14",
    "20.33.0.0/16", "20.40.0.0/13", "20.48.0.0/12", "20.64.0.0/10", "40.64.0.0/13", "40.112.0.0/13",
    "13.64.0.0/11", "104.40.0.0/13", "51.140.0.0/14", "104.131.0.0/16", "138.68.0.0/16",
    "159.65.0.0/16", "159.89.0.0/16", "165.22.0.0/16", "165.227.0.0/16", "167.99.0.0/16",
    "167.172.0.0/16", "206.189.0.0/16", "64.225.0.0/16", "5.9.0.0/16", "78.46.0.0/15",
    "88.198.0.0/16", "88.99.0.0/16", "94.130.0.0/16", "95.216.0.0/15", "116.202.0.0/15",
    "135.181.0.0/16", "136.243.0.0/16", "138.201.0.0/16", "144.76.0.0/16", "148.251.0.0/16",
    "157.90.0.0/16", "159.69.0.0/16", "162.55.0.0/16", "167.235.0.0/16", "168.119.0.0/16",
    "51.68.0.0/16", "51.75.0.0/16", "51.77.0.0/16", "51.83.0.0/16", "51.89.0.0/16", "51.91.0.0/16",
    "54.36.0.0/14", "137.74.0.0/16", "141.94.0.0/15", "145.239.0.0/16", "146.59.0.0/16",
    "45.33.0.0/17", "45.56.64.0/18", "45.79.0.0/16", "139.162.0.0/16", "172.104.0.0/15",
    "51.15.0.0/16", "163.172.0.0/16", "212.47.224.0/19",
    "2600:1f00::/24", "2a01:4f8::/29", "2a03:b0c0::/32", "2001:41d0::/32", "2a01:7e00::/29",
)  # fmt: skip


def _parsed(version: int) -> tuple[list[int], list[str]]:
    """Return where each stretch of addresses begins, in order, and what it is; the surest wins."""
    blocks = [
        (int(block[0]), int(block[-1]), name)
        for name, listed in (("certain", CERTAIN), ("probable", PROBABLE), ("hosting", HOSTING))
        for block in map(ip_network, listed)
        if block.version == version
    ]
    bounds = {0, *(first for first, _last, _name in blocks)}
    starts = sorted(bounds | {last + 1 for _first, last, _name in blocks})
    names = (
        next((name for first, last, name in blocks if first <= start <= last), "other")
        for start in starts
    )
    return starts, list(names)


_CATALOGUE = {0: ([0], ["other"]), 4: _parsed(4), 6: _parsed(6)}


@lru_cache(maxsize=65_536)
def network_of(ip: str) -> str:
    """Return 'certain', 'probable' or 'hosting' for a listed address, 'other' for any else."""
    version, number = _numbered(ip)
    starts, names = _CATALOGUE[version]
    return names[bisect_right(starts, number) - 1]


def _numbered(ip: str) -> tuple[int, int]:
    """Return the version and number of an address, (0, 0) for none; addresses within IPv6 too."""
    try:
        return 4, int.from_bytes(inet_pton(AF_INET, ip))
    except (OSError, ValueError):
        pass
    try:
        address = ip_address(ip)
    except ValueError:
        return 0, 0
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return address.version, int(address)

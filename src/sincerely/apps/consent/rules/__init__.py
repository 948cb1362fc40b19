"""Pure rules about consent: proof, what records add up to, and the seal's Merkle tree."""

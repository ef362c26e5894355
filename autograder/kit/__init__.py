"""What the hidden modules of any course share: contracts of suites, and families of misconceptions."""

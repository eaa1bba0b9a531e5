"""A gateway's traffic as charts, and how much of AWS's quotas it uses."""

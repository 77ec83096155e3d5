"""Targets on hosts behind SSH. What runs there is in scripts.py; decision 15 says why it is OpenSSH's client."""

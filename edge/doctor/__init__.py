"""`motcua doctor`: looks at every part a device is configured to have, one by one, and says what to do about what is not good.

`plan` knows which checks a device needs, `rounds` makes them, each other module holds one group: a pure verdict and its probe.
"""

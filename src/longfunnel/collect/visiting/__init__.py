"""Whose visit it is: the visitor, the device, the region, the marks of the address."""

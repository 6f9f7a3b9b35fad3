"""Phone calls: tracking numbers lent to visits, calls told of piece by piece, and the visit that each came from."""

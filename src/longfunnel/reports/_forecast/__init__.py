"""What lies ahead: the past that forecasts are played from, open deals, weeks of channels, and the budget."""

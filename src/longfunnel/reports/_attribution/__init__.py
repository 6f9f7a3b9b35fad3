"""Attribution's parts: what is asked, the journeys it is asked of, the credits as rows."""

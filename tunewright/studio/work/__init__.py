"""Heavy work, in processes that may die without harm: drawing, engraving, sounding, reading, judging."""

"""The comparison: arms and seeds as runs that can be stopped, their scores, and the report made of them."""

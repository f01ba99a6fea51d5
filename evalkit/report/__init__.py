"""From runs and published values to tables, comparisons and pages. Reads runs; makes and changes none."""

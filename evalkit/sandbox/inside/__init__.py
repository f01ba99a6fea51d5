"""What runs inside the two containers: standard library only, numpy where the image has it.

Container A holds `supervisor`, `confine`, `guards` and `answer`; container B holds `judge_main`,
`judge_job` and the package `evalkit_judge`; `wire`, `kinds` and `frames` are on both sides. The host
never imports these modules: it ships their text (evalkit/sandbox/bundle.py).
"""

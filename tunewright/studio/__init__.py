"""The studio: tunes made, heard, edited, learned from and judged in the browser.

In: runs, and what people ask for on its pages. Out: pages and an HTTP API on one machine. `app` puts together what the
other files have: `routes/` what can be asked, `work/` the processes that do what is heavy, `storage/` what is kept.
"""

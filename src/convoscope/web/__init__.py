"""The pages in the browser, and the small server on this machine that gives them out."""

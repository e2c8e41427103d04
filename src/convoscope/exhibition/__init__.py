"""The gallery: everything that there is to see, as one page, and what its cards open.

`rooms` is what hangs in it, as data; `page` puts the pages together; `late_sites` makes them when they are visited.
"""

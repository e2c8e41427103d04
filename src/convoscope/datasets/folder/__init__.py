"""Your own images: a folder with a subfolder a class, or a table of paths and labels.

What happens to a folder: it is listed (`listing`, `table`), a size and a colour are chosen (`survey`), the files are
decoded (`decoding`, as `convoscope.datasets.images` prepares any image, with `reading`, `opening`, `orientation` and
`colours`), near-duplicates are found (`duplicates`), the images are split (`splitting`), and all of that is kept in a
cache (`building`, `cache`) that `loading` opens, with a `report`.
"""

"""Take the README's pictures of the filter lab's page, ``docs/images/lab-*.webp``: ``python tools/make_lab_images.py``.

Needs Playwright (``pip install playwright``) and Chromium (``apt install chromium``).
"""

from __future__ import annotations

from page_pictures import phone, take, wide

from convoscope.web.lab import Start, site

SOBEL = "step=convolve;kernel=-1,0,1/-2,0,2/-1,0,1"

if __name__ == "__main__":
    take(
        site(Start()),
        {
            "lab-light": (f"image=photograph&{SOBEL};channels=sum&at=255,255", wide()),
            "lab-dark": (f"image=drawing&{SOBEL};activation=relu&step=pool&show=1&at=5,3", wide("dark")),
            "lab-phone": (f"image=four&{SOBEL}&at=4,4", phone()),
        },
    )

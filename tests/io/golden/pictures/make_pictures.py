#!/usr/bin/env python3
"""Makes the golden pictures of this folder anew, with ImageMagick and Pillow: the programs that
users' files come from. NAME.expected holds the pixels that a reader must return, 8-bit or
little-endian 16-bit.

Colour is luma as Pillow's convert("L") rounds it, transparency lies over white, JPEG pixels are
Pillow's.
Usage: python3 make_pictures.py (in any directory); needs ImageMagick, Pillow and NumPy."""
import os
import shutil
import subprocess

import numpy as np
from PIL import Image

HEIGHT, WIDTH = 9, 13
CONVERT = shutil.which("convert-im6.q16") or shutil.which("convert")
PLAIN_PNG = ["-strip", "-define", "png:exclude-chunks=date,time"]

random = np.random.RandomState(7)


def noise(largest, *channels):
    """Random samples with black, white and their neighbours at the start of the first row."""
    kind = np.uint8 if largest < 256 else np.uint16
    picture = random.randint(0, largest + 1, (HEIGHT, WIDTH, *channels)).astype(kind)
    picture[0, 0], picture[0, 1] = 0, largest
    return picture


def luma(colour):
    r, g, b = (colour[..., c].astype(np.uint64) for c in range(3))
    return (19595 * r + 38470 * g + 7471 * b + 32768) >> 16


def over_white(grey, alpha):
    grey, alpha = grey.astype(np.uint64), alpha.astype(np.uint64)
    return (grey * alpha + 255 * (255 - alpha) + 127) // 255


def expect(name, pixels, kind="u1"):
    pixels.astype(kind).tofile(name + ".expected")


def raw_pnm(picture):
    """The bytes that ImageMagick gets on its standard input."""
    wide = picture.dtype == np.uint16
    magic = "P6" if picture.ndim == 3 else "P5"
    header = f"{magic}\n{WIDTH} {HEIGHT}\n{65535 if wide else 255}\n"
    return header.encode() + picture.astype(">u2" if wide else "u1").tobytes()


def convert(picture, *arguments):
    subprocess.run([CONVERT, "pnm:-", *arguments], input=raw_pnm(picture), check=True)


def imagemagick_png(grey8, grey16, rgb16):
    convert(grey8, *PLAIN_PNG, "png_grey8.png")
    expect("png_grey8", grey8)
    convert(grey16, "-depth", "16", *PLAIN_PNG, "png_grey16.png")
    expect("png_grey16", grey16, "<u2")
    convert(grey8, "-interlace", "PNG", *PLAIN_PNG, "png_interlaced.png")
    expect("png_interlaced", grey8)
    convert(rgb16, "-depth", "16", "-interlace", "PNG", *PLAIN_PNG,
            "PNG48:png_rgb16_interlaced.png")
    expect("png_rgb16_interlaced", luma(rgb16), "<u2")


def imagemagick_pnm(grey8, grey16, rgb8, rgb16):
    for picture, name in [(grey8, "pgm_{}8.pgm"), (grey16, "pgm_{}16.pgm"),
                          (rgb8, "ppm_{}8.ppm"), (rgb16, "ppm_{}16.ppm")]:
        for form, how in [("plain", ["-compress", "none"]), ("raw", [])]:
            wide = picture.dtype == np.uint16
            file = name.format(form)
            convert(picture, "-depth", "16" if wide else "8", *how, file)
            pixels = luma(picture) if picture.ndim == 3 else picture
            expect(file[:-4], pixels, "<u2" if wide else "u1")
    black_and_white = np.where(grey8 > 100, 255, 0).astype(np.uint8)
    convert(black_and_white, "-compress", "none", "pbm_plain.pbm")
    convert(black_and_white, "pbm_raw.pbm")
    expect("pbm_plain", black_and_white)
    expect("pbm_raw", black_and_white)


def imagemagick_jpeg(rgb8):
    smooth = np.add.outer(np.arange(HEIGHT) * 13, np.arange(WIDTH) * 9) + 20
    convert(np.minimum(smooth, 255).astype(np.uint8), "-quality", "92", "-strip", "jpeg_grey.jpg")
    convert(rgb8, "-quality", "90", "-strip", "jpeg_colour.jpg")
    convert(rgb8, "-quality", "85", "-interlace", "JPEG", "-strip", "jpeg_progressive.jpg")
    convert(rgb8, "-quality", "85", "-colorspace", "CMYK", "-strip", "jpeg_cmyk.jpg")
    for name in ["jpeg_grey", "jpeg_colour", "jpeg_progressive"]:
        expect(name, np.asarray(Image.open(name + ".jpg").convert("L")))


def pillow_png(grey8, rgb8, alpha):
    Image.fromarray(rgb8).save("png_rgb8.png")
    pillow_luma = np.asarray(Image.fromarray(rgb8).convert("L"))
    assert (pillow_luma == luma(rgb8)).all()
    expect("png_rgb8", pillow_luma)
    Image.fromarray(np.dstack([rgb8, alpha]), "RGBA").save("png_rgba.png")
    expect("png_rgba", over_white(luma(rgb8), alpha))
    Image.fromarray(np.dstack([grey8, alpha]), "LA").save("png_grey_alpha.png")
    expect("png_grey_alpha", over_white(grey8, alpha))
    Image.fromarray(grey8 > 100).save("png_1bit.png")
    expect("png_1bit", np.where(grey8 > 100, 255, 0))
    palette = Image.fromarray(rgb8).quantize(11)
    pixels = np.array(palette.convert("RGB").convert("L"))
    palette.save("png_palette.png", bits=4)
    expect("png_palette", pixels)
    palette.save("png_palette_transparent.png", bits=4, transparency=3)
    pixels[np.asarray(palette) == 3] = 255
    expect("png_palette_transparent", pixels)


def pillow_reads_other_maxvals():
    samples = random.randint(0, 4096, (HEIGHT, WIDTH))
    with open("pgm_maxval4095.pgm", "wb") as file:
        file.write(b"P5 # a comment\n# another\n%d # width\n%d\n4095\n" % (WIDTH, HEIGHT))
        file.write(samples.astype(">u2").tobytes())
    expect("pgm_maxval4095", np.asarray(Image.open("pgm_maxval4095.pgm")), "<u2")
    samples = random.randint(0, 16, (HEIGHT, WIDTH))
    with open("pgm_maxval15.pgm", "w", encoding="ascii") as file:
        file.write(f"P2\n{WIDTH} {HEIGHT}\n15\n")
        file.writelines(" ".join(map(str, row)) + "\n" for row in samples)
    expect("pgm_maxval15", np.asarray(Image.open("pgm_maxval15.pgm")))


def main():
    os.chdir(os.path.dirname(os.path.abspath(__file__)))
    grey8, grey16 = noise(255), noise(65535)
    rgb8, rgb16 = noise(255, 3), noise(65535, 3)
    alpha = noise(255)
    imagemagick_png(grey8, grey16, rgb16)
    imagemagick_pnm(grey8, grey16, rgb8, rgb16)
    imagemagick_jpeg(rgb8)
    pillow_png(grey8, rgb8, alpha)
    pillow_reads_other_maxvals()


if __name__ == "__main__":
    main()

"""Colours of images: tables of 256 colours, and pictures of few colours as PNG.

The tables are those of matplotlib (viridis, magma: S. van der Walt, N. Smith, CC0; cividis: J. Nunez and
others 2018), kept here because importing matplotlib takes longer than showing an image. A test compares them.
"""

from __future__ import annotations

import base64
import struct
import zlib

import numpy as np
from numpy.typing import NDArray

from f2widgets.errors import ParameterError

#: The one that is used unless asked otherwise; made for eyes that tell red and green apart, and for others.
DEFAULT = "cividis"

_TABLES = {
    "cividis": (
        "c-"
        "jE~1ONO0B254zPXHrO03=cXB~$<=RRAVe04G@hC|dw1TmUIv04iVrDq;XDWB@E?04!$!EolHQYXC28055L<FmM1cZ~!rI05N"
        "a`GH?hpa0@eV4m5BPHE$F)Zx%Lh7&mVkIBy&{ZXG#pA3AO!J8mL7ZX`TzB|U8?J#8pHZ7M%)D?e>4Ky5BTY%fA=FhXoGLu@i"
        "cY&1k{HAQSTMr=1mY&b`3IY?|eNNYPuYduP9K1*vqOKU((Ye7wGLQQK!PHRL@Yei3MMo?=<QENz1Ye`aTN>gh~RBTLCY)w^c"
        "PF8GAR%}mKY*1KiQCMtJS!`2UY*booRa<RVTy0lfZCG7xSzc{fUu{}nZChY&Tw!iqVQyYxZeL?=U}SD#WN%?*Z(?R|V`gt;X"
        "K!U_aAs+6XK8R~YH(<4acOIDYHV?9ZE<XEa&2yMZf|mKaC2{Pb8vBUadLBVb98fabaZrebai!gb#-"
        "=jc6WDnczAYscz1bucY1nvdwX|$dw6|(cz%6&e|>m>et3a@c!Gd<gMfI1fp~?2c!h&_hJ$#Agm{RBc!`F1iiUWLhj@&Lc#Vm"
        "8j){1Wig%EUcae;Dl8kqgjdzreca@KKmXCLrkan1ncA1iPnv-"
        "^$lXjexcAb@Vo|bi=mUW<)b)lGaqM3A~nslU^bfuefrkr!9opY$3bE%$ks-JSJpmMCCajl|puA*_Tqj0dKaIvLuvZimdrf;;"
        "TZ?&jywyAEns%^NdZMmy$x~y!wt!%umYrU^)zOZV)uxi1vX~ME;!?S3_v}nb(XU4T>$F^q3w`Iw=Wy-"
        "l^%erLDyJO9~V$Qr`&%I&LzF^Y7VAH@~)WKfW!d}+HUDv~0*u-"
        "1e#ai0NTHD82+{jqo$yeXXR^ZE3;mlOx%v0mdQsmB2<<C&&&`;>mPU+H3>eEc?)JyEuO6}H2?$<}}*hcZ$MDp50^V&l6+d%c"
        ")Kla@{_})AD-#Yr>IQ!u?{o*wJ<1_u`H2vl_{pU9{=VEj"
    ),
    "viridis": (
        "c-jE~1ONO)0aQc+RYU_<MFm(z23kc3TSf_7Mhjj>3|~eLVMh;QM-gL35@kmeW=9ogM;2*E7-"
        "~ovYe*VwNE~iR9dAe;a7Z9=NFj1aB6CP1bVnt1M<#YhCwE6Ect<LEM=N?qEPF;Rd`2&PMlgLwF@8lde?>HZMKyp$Hi1MpfkZ"
        "iiLpp;)JA*?!ghD-pLOz8;K!rg;hCxDxKtqQ>M29~`hd)P%K1hf@Nr^p5i9Jh+Jxqx_O^Q5DiaSt>J5h={Qj0oMi#b$_IaP}"
        "|R*N`Sj5k<}H(87}T8uVZj5S=0HC>D}UX3(gjWb}4GhvM~VvRCmjWJ}6F=dT0W{ogsjWB49FKLZ0YK<;yjxKDDE^Ur2ZjLQ)"
        "jx2DFEOCx3a*iu=jw^JIDs_%3c8)4{jwyJKDS3`4dX6Z1jwpMMCwz`4eU2x7jwXMOCV-"
        "A6fsQ4DjwOSQB!rD5g^eVJjU$JRBZ!S7iH#zOjUtMTB8!b7jEy0Uj3JJUAdie7kc=Raj31JWACrq8l#3sgiyxMY9+!$9n2H{"
        "miXNGY9-4_Bn~5Hri5{JZ9-fFEpNJlyhaaJbAEJgIqlO@)g&?JcA*O{Pr-UM>gd?bfBdLNUs)8k}fhMehC#`@eu74@7e=4wk"
        "E3thnv3)MGd@r+mFtmCywR$tQc{R6qHn?{<xpq0Zc00OtJ-"
        "c*1ymLUkazegwM80rEzi&stZb`vyOTuhT!fQ{%X;H*zQ^jXh#%5Q>Wm(5$TgYNw$zfp0U}DN&WXoM=%v@>ATWif(ZO&M5&Q@"
        "~IRdmo)chFLK(NTQTPkz!)fzwQb(@TcbNr=@)i`7Pr)<lrjLz34)mDfL)*gl%rJe}D(pV>H~+Bc=zHK*G%s@pQH+%T`)F0$P"
        "$wcRVX-6^`>C%xV#zuzRn-y+4|A;;h!%HST&;2qE59Ma(%)ZrS};u+fF7~J9*-"
        "{TnJ;~3=Q80X{}>Es#g<Qnef8}a2F^W`4)<{$XxA^PSb{pTdxxk&#"
    ),
    "magma": (
        "c-"
        "jE~1ONO000RI31ONaA0RRU90SN&C3jzWS0s;>M0}%uR69fbm1q2rc1sMkg8wds+2?rkv2O<jyBn$~A4GJg@3Mvl^ED#JY5ez"
        "XB4KoxCH5Cpx77jWW4?GwTKN=808xTYs5JnylNgokQAQ4R>5l|x$QY8^pCJ|RC5m_n`Tq_Y?Ef8QY5MnS8Wik+FG!SSt4{A3"
        "LY&j2ZI}dL>4{<&ZazGDrLJxF94|PQkc1I6)NDz2R5P3@wc})>|PZ4`i5_?h-"
        "d{YyARTF(z6n$6~ep(fNTNZv@7k*wBe_$AYVHkg78GmIOfMyziXd8fO9Dr*afNULrZXSVe9)WQmfpZ^$bRdCtA%S-"
        "xfq5c<dLn^*BY}P-fqx`{fhB>0C4qz{frTc4hbMuFD1nM7fs84DjVXYSDu9tHfRZbKlq-OhEP$6Rf0-"
        "?Rnk|2vE`OdbexEOXp)Y=;Fn**keWo#er!jr0GJLBue5^Bjt~7hFG<&f%db2fpwKjRSHhH)=c)2%tyEu2fId{G}cECDy!a8-"
        "sJ9Nc7bjCb$$USn(K61-Gam_z)&OmU`L2uDQZqq_-"
        ")I)97L~PeZYuQF>+DB>JNNL?kXx>U^;7exVOlIOuW#mp|<xpehQDWy(V(3(1>Q!LtR$%N{U+r06?pt2&U0v^9UGQLC@nKx@V"
        "_frPT=QpJ^k`f4YFqVeTlQ{S_HbMGaa;FuT=;cd_;+0Sd0hE>UHN@o`hQ;ffL{87U;Bh$`-"
        "Wiqh++GRV*HF_{ElP%kYxOlW&D$7{gr3^muUT&Y5kjO{he$5pKSf1ZvCQf{iJaIrg8qLbN;Gy{;YNWu6F*fc>b|@{<C}jwS4"
        "}!eg3(B{=0zwyn_C|gZ{vU{=$a-"
        "#EAaJiT=ln{>hF0%Z~lckp0h+{n3;C(v|(xm;Kh5{n(oQ+MNB|o&DXP{okSe;iLTHrTpcl{N||q=&Jncto-"
        "b*{O+*)@Ui^yv;6b5{Pnl{_qqG|yZidR`~1HlOkSD"
    ),
}
#: Names of all tables.
COLOURS = ("cividis", "viridis", "magma", "gray")


def colour_table(name: str) -> NDArray[np.uint8]:
    """Return the colours from dark to bright.

    Parameters
    ----------
    name : str
        One of `COLOURS`.

    Returns
    -------
    ndarray, shape (256, 3), uint8
        Red, green, blue.

    Raises
    ------
    ParameterError
        If there is no such table.
    """
    if name not in COLOURS:
        raise ParameterError(f"There are no colours {name!r}: there are {', '.join(COLOURS)}.")
    if name == "gray":
        return np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    whole = zlib.decompress(base64.b85decode(_TABLES[name]))
    return np.frombuffer(whole, np.uint8).reshape(256, 3)


def png(index: NDArray[np.uint8], table: NDArray[np.uint8]) -> bytes:
    """Return a picture of at most 256 colours as a PNG file.

    Parameters
    ----------
    index : ndarray, shape (ny, nx), uint8
        Number of the colour of each pixel; the first row is the lowest.
    table : ndarray, shape (n, 3), uint8
        The colours.

    Returns
    -------
    bytes
        See the PNG specification, third edition.
    """
    ny, nx = index.shape
    rows = np.zeros((ny, nx + 1), np.uint8)  # each row begins with the kind of its filter: none
    rows[:, 1:] = index[::-1]

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", nx, ny, 8, 3, 0, 0, 0)  # 8 bits, a palette
    parts = [
        (b"IHDR", head),
        (b"PLTE", table.tobytes()),
        (b"IDAT", zlib.compress(rows.tobytes(), 6)),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)

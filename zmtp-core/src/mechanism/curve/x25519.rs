//! X25519 (RFC 7748 § 5) in little flash: the field arithmetic is that of the crate `fiat-crypto`. There is one
//! function for products, used for squares too, and one loop for the inverse.

use fiat_crypto::curve25519_32::{
    fiat_25519_add, fiat_25519_carry_mul, fiat_25519_from_bytes,
    fiat_25519_loose_field_element as Loose, fiat_25519_relax, fiat_25519_sub,
    fiat_25519_tight_field_element as Tight, fiat_25519_to_bytes,
};

/// Multiplies the u-coordinate of a point by a scalar. RFC 7748 § 5 sets and clears bits of the scalar before.
pub(super) fn x25519(scalar: &[u8; 32], point: &[u8; 32]) -> [u8; 32] {
    let x1 = &from_bytes(point);
    let (mut x2, mut z2) = (small(1), small(0));
    let (mut x3, mut z3) = (*x1, small(1));
    let mut last = 0;
    // Without an index, whose check the compiler does not remove.
    for byte in scalar.iter().rev() {
        for at in (0..8).rev() {
            let bit = u32::from(byte >> at & 1);
            let mask = (last ^ bit).wrapping_neg();
            last = bit;
            swap(mask, &mut x2, &mut x3);
            swap(mask, &mut z2, &mut z3);
            // The names of RFC 7748 § 5.
            let (a, b) = (sum(&x2, &z2), difference(&x2, &z2));
            let (c, d) = (sum(&x3, &z3), difference(&x3, &z3));
            let (da, cb) = (product(&d, &a), product(&c, &b));
            let (aa, bb) = (product(&a, &a), product(&b, &b));
            let (s, t) = (sum(&da, &cb), difference(&da, &cb));
            x3 = product(&s, &s);
            z3 = times(&product(&t, &t), x1);
            x2 = times(&aa, &bb);
            let e = difference(&aa, &bb);
            let multiple = product(&e, &Loose(small(121_665).0));
            z2 = product(&e, &sum(&aa, &multiple));
        }
    }
    let mask = last.wrapping_neg();
    swap(mask, &mut x2, &mut x3);
    swap(mask, &mut z2, &mut z3);
    to_bytes(&times(&x2, &inverse(&z2)))
}

const fn small(value: u32) -> Tight {
    Tight([value, 0, 0, 0, 0, 0, 0, 0, 0, 0])
}

/// Exchanges two elements if `mask` is all ones, and leaves them if it is 0.
fn swap(mask: u32, a: &mut Tight, b: &mut Tight) {
    for (a, b) in a.0.iter_mut().zip(&mut b.0) {
        let different = mask & (*a ^ *b);
        *a ^= different;
        *b ^= different;
    }
}

// Functions of the crate are long and without loops: each is in the program once.

#[inline(never)]
fn sum(a: &Tight, b: &Tight) -> Loose {
    let mut sum = Loose([0; 10]);
    fiat_25519_add(&mut sum, a, b);
    sum
}

#[inline(never)]
fn difference(a: &Tight, b: &Tight) -> Loose {
    let mut difference = Loose([0; 10]);
    fiat_25519_sub(&mut difference, a, b);
    difference
}

#[inline(never)]
fn product(a: &Loose, b: &Loose) -> Tight {
    let mut product = Tight([0; 10]);
    fiat_25519_carry_mul(&mut product, a, b);
    product
}

/// [`product`] of two elements with carried limbs.
#[inline(never)]
fn times(a: &Tight, b: &Tight) -> Tight {
    let mut loose = [Loose([0; 10]); 2];
    let [left, right] = &mut loose;
    fiat_25519_relax(left, a);
    fiat_25519_relax(right, b);
    product(left, right)
}

/// The inverse, or 0 for 0: the power with the exponent 2^255 - 21, whose bits are ones except bits 2 and 4.
#[inline(never)]
fn inverse(element: &Tight) -> Tight {
    let mut power = *element;
    for bit in (0..254).rev() {
        power = times(&power, &power);
        if bit != 2 && bit != 4 {
            power = times(&power, element);
        }
    }
    power
}

/// Bit 255 is ignored, as RFC 7748 § 5 demands.
#[inline(never)]
fn from_bytes(bytes: &[u8; 32]) -> Tight {
    let mut bytes = *bytes;
    let [.., last] = &mut bytes;
    *last &= 0x7f;
    let mut element = small(0);
    fiat_25519_from_bytes(&mut element, &bytes);
    element
}

#[inline(never)]
fn to_bytes(element: &Tight) -> [u8; 32] {
    let mut bytes = [0; 32];
    fiat_25519_to_bytes(&mut bytes, element);
    bytes
}

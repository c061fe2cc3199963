//! The normal distribution of mean 0 and variance 1.
//!
//! The tail is the density times Mills' ratio `R(x) = (1 - cdf(x)) / pdf(x)`, which changes so slowly that its Taylor series around
//! the nearest half `z` converges fast (Marsaglia, Evaluating the Normal Distribution, Journal of Statistical Software 11(4), 2004).
//! From `R' = x R - 1` its terms `c_n = R^(n)(z) / n!` follow: `c_1 = z c_0 - 1`, `n c_n = z c_(n-1) + c_(n-2)`. With `|x - z| <= 1/4`
//! the first term left out is below `4^-24 / 24!! < 2^-88`; rounding errors of the terms grow at most by `e^(z/4) < 2^4`.

use crate::exp::Power;
use crate::fine::Fine;
use crate::fixed::Q64x64;
use crate::wide::U256;

/// 9.5: from here on outwards density and tail are nearer to zero than to 2^-64.
const TAIL: u128 = 19 << 63;
/// Terms of a series.
const DEGREE: usize = 24;

impl Q64x64 {
    /// The density `e^(-x^2/2) / sqrt(2 pi)`; zero from 9.5 on outwards. Error: 2^-65 + 2^-80.
    #[must_use]
    pub fn normal_pdf(self) -> Self {
        let size = self.to_bits().unsigned_abs();
        if size < TAIL { density(size).rounded() } else { Self::ZERO }
    }

    /// The part of the distribution that lies below this; zero from -9.5 on down, one from 9.5 on up. Error: 2^-65 + 2^-80. Those of
    /// a number and its opposite sum to one exactly.
    #[must_use]
    pub fn normal_cdf(self) -> Self {
        let size = self.to_bits().unsigned_abs();
        let tail = if size < TAIL { tail(size).rounded() } else { Self::ZERO };
        if self < Self::ZERO {
            return tail;
        }
        // The tail is at most a half.
        Self::from_bits(Self::ONE.to_bits().wrapping_sub(tail.to_bits()))
    }
}

/// The density at `size` times 2^-64, which is below 9.5.
fn density(size: u128) -> Fine {
    // x^2 / 2 is below 46, and its 129 fractional bits become 120.
    let U256 { high, low } = U256::product(size, size);
    let half_square = Fine::from_bits((high << 119 | low >> 9).cast_signed());
    let Power { mantissa, exponent } = Power::of_e(Fine::ZERO.minus(half_square));
    let factor = mantissa.times(Fine::INVERSE_SQRT_TAU);
    // No power of e above 1: nothing is shifted to the left.
    let places = u32::try_from(exponent.unsigned_abs()).unwrap_or(u32::MAX);
    Fine::from_bits(factor.to_bits().checked_shr(places).unwrap_or(0))
}

/// The part of the distribution beyond `size` times 2^-64, which is below 9.5.
fn tail(size: u128) -> Fine {
    // The nearest half, of which there are as many as there are terms for.
    let halves = size.saturating_add(1 << 62) >> 63;
    let center = usize::try_from(halves).unwrap_or(usize::MAX).min(TERMS.len().saturating_sub(1));
    // From 64 fractional bits to 120, of at most a quarter.
    let distance = size.cast_signed().wrapping_sub((halves << 63).cast_signed());
    let distance = Fine::from_bits(distance << 56);
    density(size).times(distance.polynomial(&TERMS[center]))
}

/// The terms of Mills' ratio around 0, 1/2, 1 and so on.
static TERMS: [[Fine; DEGREE]; MILLS.len()] = {
    let mut terms = [[Fine::ZERO; DEGREE]; MILLS.len()];
    let mut halves = 0;
    while halves < MILLS.len() {
        terms[halves] = terms_at(halves as i128, MILLS[halves]);
        halves += 1;
    }
    terms
};

/// The terms around so many halves, where the ratio is `ratio`.
const fn terms_at(halves: i128, ratio: Fine) -> [Fine; DEGREE] {
    let mut terms = [ratio; DEGREE];
    let (mut before, mut last) = (ratio, ratio.times_whole(halves).half().minus(Fine::ONE));
    let (mut n, mut next) = (1, 2);
    while n < DEGREE {
        terms[n] = last;
        (before, last) = (last, last.times_whole(halves).half().plus(before).nth(next));
        (n, next) = (n.saturating_add(1), next.saturating_add(1));
    }
    terms
}

/// Mills' ratio at 0, 1/2, 1 and so on.
pub(crate) const MILLS: [Fine; 20] = [
    Fine::from_bits(1_665_940_238_832_783_241_448_727_957_807_967_470),
    Fine::from_bits(1_164_888_170_029_078_660_707_129_382_518_828_233),
    Fine::from_bits(871_547_604_046_510_223_022_144_501_766_119_279),
    Fine::from_bits(685_636_586_982_980_685_314_651_476_133_368_651),
    Fine::from_bits(560_095_776_131_995_321_316_998_348_631_486_602),
    Fine::from_bits(470_899_103_909_421_728_561_759_113_145_411_917),
    Fine::from_bits(404_869_952_289_959_450_220_953_925_359_850_520),
    Fine::from_bits(354_329_341_286_488_556_498_756_693_946_665_908),
    Fine::from_bits(314_564_972_637_916_720_233_739_694_113_988_186),
    Fine::from_bits(282_554_766_603_798_152_949_240_965_820_496_832),
    Fine::from_bits(256_285_930_601_827_361_755_515_901_866_133_022),
    Fine::from_bits(234_373_448_968_725_895_696_086_658_338_266_330),
    Fine::from_bits(215_836_932_754_185_841_492_941_283_297_353_176),
    Fine::from_bits(199_965_057_029_828_919_014_322_893_878_432_079),
    Fine::from_bits(186_230_402_972_380_146_728_140_916_965_249_463),
    Fine::from_bits(174_234_349_404_782_465_756_592_564_697_957_890),
    Fine::from_bits(163_670_452_738_403_246_455_868_490_924_965_221),
    Fine::from_bits(154_299_528_461_126_805_003_647_723_481_612_509),
    Fine::from_bits(145_932_329_584_236_941_183_066_591_223_695_477),
    Fine::from_bits(138_417_271_936_954_417_576_234_310_737_246_366),
];

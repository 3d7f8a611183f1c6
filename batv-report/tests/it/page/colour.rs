//! Colours, and how far apart they are to eyes of several kinds.

/// Shares of red, green and blue light, linear.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Colour([f64; 3]);

/// What an eye makes of linear light.
pub(crate) type Eyes = [[f64; 3]; 3];

/// Most eyes, and those without one of the three kinds of cones (Machado, Oliveira and Fernandes, 2009).
pub(crate) const EYES: [Eyes; 4] = [
    [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
    [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
];

/// CIE XYZ of sRGB, by the white of D65.
const XYZ: Eyes = [
    [0.4124 / 0.9505, 0.3576 / 0.9505, 0.1805 / 0.9505],
    [0.2126, 0.7152, 0.0722],
    [0.0193 / 1.089, 0.1192 / 1.089, 0.9505 / 1.089],
];

impl Colour {
    /// `rgb(1, 2, 3)`, as a browser computes it.
    pub(crate) fn parse(text: &str) -> Self {
        let numbers = text.trim_start_matches("rgb(").trim_end_matches(')').split(", ");
        let parts: Vec<f64> = numbers.map(|number| number.parse::<f64>().expect("a number") / 255.0).collect();
        let linear = |part: f64| if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) };
        Self([linear(parts[0]), linear(parts[1]), linear(parts[2])])
    }

    /// WCAG 2.2, contrast ratio.
    pub(crate) fn contrast(&self, other: &Self) -> f64 {
        let [mine, its] = [self, other].map(|colour| product(&XYZ, &colour.0)[1] + 0.05);
        mine.max(its) / mine.min(its)
    }

    pub(crate) fn seen_by(&self, eyes: Eyes) -> Self {
        Self(product(&eyes, &self.0).map(|part| part.clamp(0.0, 1.0)))
    }

    /// Delta E of CIE 1976: 2 can just be told apart side by side.
    pub(crate) fn difference(&self, other: &Self) -> f64 {
        let (mine, its) = (self.lab(), other.lab());
        mine.iter().zip(its).map(|(mine, its)| (mine - its).powi(2)).sum::<f64>().sqrt()
    }

    fn lab(&self) -> [f64; 3] {
        let root = |part: f64| if part > 0.008856 { part.cbrt() } else { 7.787 * part + 16.0 / 116.0 };
        let [x, y, z] = product(&XYZ, &self.0).map(root);
        [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
    }
}

fn product(matrix: &Eyes, vector: &[f64; 3]) -> [f64; 3] {
    matrix.map(|row| row.iter().zip(vector).map(|(one, other)| one * other).sum())
}

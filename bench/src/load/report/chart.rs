//! A small line chart as SVG.

use std::fmt::Write;

const WIDTH: f64 = 900.0;
const HEIGHT: f64 = 220.0;
const LEFT: f64 = 60.0;
const TOP: f64 = 30.0;
const COLOURS: [&str; 2] = ["#4477aa", "#cc6644"];

/// Lines over a common axis.
#[derive(Clone, Debug)]
pub(super) struct Chart {
    pub(super) title: &'static str,
    /// What the axis counts.
    pub(super) x: &'static str,
    pub(super) lines: Vec<Line>,
}

/// One line.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) name: &'static str,
    pub(super) points: Vec<(f64, f64)>,
}

impl Chart {
    pub(super) fn svg(&self) -> String {
        let (x_max, y_max) = self.extent();
        let mut svg = format!(
            "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-size=\"12\" fill=\"currentColor\"><text x=\"{LEFT}\" y=\"16\">{}</text>",
            self.title
        );
        let bottom = HEIGHT - TOP;
        // Writing to a string does not fail.
        for part in 0..=4 {
            let value = y_max * f64::from(part) / 4.0;
            let y = bottom - (bottom - TOP) * f64::from(part) / 4.0;
            let _ = write!(
                svg,
                "<path d=\"M{LEFT} {y:.1}H{WIDTH}\" stroke=\"currentColor\" stroke-opacity=\".2\"/>\
                 <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                LEFT - 6.0,
                y + 4.0,
                label(value)
            );
        }
        let _ = write!(
            svg,
            "<text x=\"{LEFT}\" y=\"{:.1}\">0</text><text x=\"{WIDTH}\" y=\"{:.1}\" text-anchor=\"end\">{} {}</text>",
            bottom + 18.0,
            bottom + 18.0,
            label(x_max),
            self.x
        );
        for (number, line) in self.lines.iter().enumerate() {
            let colour = COLOURS[number % COLOURS.len()];
            let place = |(x, y): &(f64, f64)| {
                let x = LEFT + x / x_max * (WIDTH - LEFT);
                let y = bottom - y / y_max * (bottom - TOP);
                format!("{x:.1},{y:.1}")
            };
            let points: Vec<String> = line.points.iter().map(place).collect();
            let _ = write!(
                svg,
                "<polyline fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.5\" points=\"{}\"/>\
                 <text x=\"{:.1}\" y=\"16\" fill=\"{colour}\">{}</text>",
                points.join(" "),
                LEFT + 220.0 + 70.0 * number as f64,
                line.name
            );
        }
        svg + "</svg>"
    }

    /// The largest of both coordinates; never zero, so that everything can be divided by them.
    fn extent(&self) -> (f64, f64) {
        let points = self.lines.iter().flat_map(|line| &line.points);
        points.fold((1.0, 1.0), |(x_max, y_max): (f64, f64), (x, y)| (x_max.max(*x), y_max.max(*y)))
    }
}

fn label(value: f64) -> String {
    if value < 10.0 { format!("{value:.1}") } else { format!("{value:.0}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_lie_within_the_picture_and_nothing_is_fetched() {
        let line = Line { name: "due", points: vec![(0.0, 0.0), (5.0, 400.0), (10.0, 100.0)] };
        let svg = Chart { title: "T", x: "seconds", lines: vec![line] }.svg();
        assert!(svg.contains("points=\"60.0,190.0 480.0,30.0 900.0,150.0\""), "{svg}");
        assert!(!svg.contains("http"), "{svg}");
    }

    #[test]
    fn an_empty_line_is_no_division_by_zero() {
        let svg =
            Chart { title: "T", x: "s", lines: vec![Line { name: "n", points: vec![] }] }.svg();
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    }
}

//! The little of SVG that charts need. A card of its own colour below everything, so that it reads in light and in dark.

use std::fmt::Write;

const STYLE: &str = "<style>\
text{font:13px system-ui,sans-serif;fill:#1f2328}.title{font-size:16px;font-weight:600}.small{font-size:11px;fill:#59636e}\
.card{fill:#ffffff;stroke:#d1d9e0}.grid{stroke:#d1d9e0}\
.a{fill:#0969da}.b{fill:#8c959f}.c{fill:#bf8700}.la{stroke:#0969da}.lb{stroke:#8c959f}.lc{stroke:#bf8700}\
.line{fill:none;stroke-width:2}.dash{stroke-dasharray:5 4}\
@media(prefers-color-scheme:dark){text{fill:#f0f6fc}.small{fill:#9198a1}.card{fill:#0d1117;stroke:#3d444d}.grid{stroke:#3d444d}\
.a{fill:#4493f8}.b{fill:#656c76}.c{fill:#d29922}.la{stroke:#4493f8}.lb{stroke:#9198a1}.lc{stroke:#d29922}}\
</style>";

/// Which of the three colours: ours, other Rust, Python.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Colour {
    Ours,
    Other,
    Python,
}

pub(super) struct Svg {
    text: String,
}

impl Svg {
    pub(super) fn new(width: u32, height: u32, title: &str) -> Self {
        let mut text = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
             role=\"img\"><title>{title}</title>{STYLE}\n"
        );
        let (inner_width, inner_height) = (width - 1, height - 1);
        put(
            &mut text,
            format_args!(
                "<rect class=\"card\" x=\".5\" y=\".5\" width=\"{inner_width}\" height=\"{inner_height}\" rx=\"6\"/>"
            ),
        );
        let mut svg = Self { text };
        svg.words(20.0, 30.0, "title", "start", title);
        svg
    }

    /// `anchor` is `start`, `middle` or `end`.
    pub(super) fn words(&mut self, x: f64, y: f64, class: &str, anchor: &str, words: &str) {
        put(
            &mut self.text,
            format_args!(
                "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{}</text>",
                escape(words)
            ),
        );
    }

    pub(super) fn bar(&mut self, x: f64, y: f64, width: f64, height: f64, colour: Colour) {
        let class = colour.class();
        put(
            &mut self.text,
            format_args!(
                "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"2\"/>"
            ),
        );
    }

    pub(super) fn grid(&mut self, x1: f64, y1: f64, x2: f64, y2: f64) {
        put(
            &mut self.text,
            format_args!(
                "<line class=\"grid\" x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"/>"
            ),
        );
    }

    pub(super) fn line(&mut self, points: &[(f64, f64)], colour: Colour, dashed: bool) {
        let points: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let (class, dash) = (colour.class(), if dashed { " dash" } else { "" });
        put(
            &mut self.text,
            format_args!("<polyline class=\"line l{class}{dash}\" points=\"{}\"/>", points.join(" ")),
        );
    }

    pub(super) fn finish(mut self) -> String {
        self.text.push_str("</svg>\n");
        self.text
    }
}

impl Colour {
    fn class(self) -> &'static str {
        match self {
            Self::Ours => "a",
            Self::Other => "b",
            Self::Python => "c",
        }
    }
}

fn put(text: &mut String, element: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{element}");
}

fn escape(words: &str) -> String {
    words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

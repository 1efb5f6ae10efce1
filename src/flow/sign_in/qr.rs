//! An address as a QR code of half blocks, for the camera of a phone (ISO/IEC 18004).

use anstyle::{AnsiColor, Style};
use qrcode::{Color, EcLevel, QrCode};

use crate::report::View;

/// The light border. The standard has 4 modules; cameras find the code with fewer.
const BORDER: usize = 2;

/// `address` in light on dark, two rows of modules to a line; none where the terminal cannot show it, or is too narrow.
pub(super) fn lines(address: &str, view: View) -> Vec<String> {
    let Some(columns) = view.width.filter(|_| view.unicode) else { return Vec::new() };
    let Ok(code) = QrCode::with_error_correction_level(address, EcLevel::L) else { return Vec::new() };
    let side = code.width() + 2 * BORDER;
    if side > columns {
        return Vec::new();
    }
    let is_light = |x: usize, y: usize| {
        let inside = |at: usize| at.checked_sub(BORDER).filter(|at| *at < code.width());
        inside(x).zip(inside(y)).is_none_or(|at| code[at] == Color::Light)
    };
    let style = Style::new().fg_color(Some(AnsiColor::BrightWhite.into())).bg_color(Some(AnsiColor::Black.into()));
    let line = |y: usize| {
        // A row below the last is not a part of the code.
        let halves = (0..side).map(|x| match (is_light(x, y), y + 1 < side && is_light(x, y + 1)) {
            (true, true) => '\u{2588}',
            (true, false) => '\u{2580}',
            (false, true) => '\u{2584}',
            (false, false) => ' ',
        });
        format!("{style}{}{style:#}", halves.collect::<String>())
    };
    (0..side).step_by(2).map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: &str = "https://login.microsoft.com/device";

    fn view(width: Option<usize>, unicode: bool) -> View {
        View { width, unicode, ..View::default() }
    }

    /// The modules as they are drawn, true where light, without the border.
    fn drawn(lines: &[String]) -> Vec<Vec<bool>> {
        let mut rows = Vec::new();
        for line in lines {
            let plain = anstream::adapter::strip_str(line).to_string();
            rows.push(plain.chars().map(|c| matches!(c, '\u{2588}' | '\u{2580}')).collect::<Vec<_>>());
            rows.push(plain.chars().map(|c| matches!(c, '\u{2588}' | '\u{2584}')).collect());
        }
        let side = rows[0].len();
        let inner = |row: &Vec<bool>| row[BORDER..side - BORDER].to_vec();
        rows[BORDER..side - BORDER].iter().map(inner).collect()
    }

    #[test]
    fn every_module_is_drawn_as_the_code_has_it() {
        let code = QrCode::with_error_correction_level(ADDRESS, EcLevel::L).unwrap();
        let modules = code.to_colors();
        let wanted: Vec<Vec<bool>> =
            modules.chunks(code.width()).map(|row| row.iter().map(|color| *color == Color::Light).collect()).collect();
        assert_eq!(drawn(&lines(ADDRESS, view(Some(80), true))), wanted);
    }

    #[test]
    fn it_is_left_out_where_it_cannot_be_shown() {
        assert!(!lines(ADDRESS, view(Some(40), true)).is_empty());
        assert!(lines(ADDRESS, view(Some(24), true)).is_empty(), "it would wrap");
        assert!(lines(ADDRESS, view(Some(80), false)).is_empty(), "there are no half blocks");
        assert!(lines(ADDRESS, view(None, true)).is_empty(), "a file is not for a camera");
        assert!(lines(&"x".repeat(9_000), view(Some(300), true)).is_empty(), "too much for a code");
    }
}

//! Tables as people read them: columns as wide as their widest cell.

/// Which way a column leans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lean {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// A table being made.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    leans: Vec<Lean>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// With these columns: which way each leans, and its title.
    pub(crate) fn new(columns: &[(Lean, &str)]) -> Self {
        let titles = columns.iter().map(|(_, title)| (*title).to_owned()).collect();
        Self { leans: columns.iter().map(|(lean, _)| *lean).collect(), rows: vec![titles] }
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// All rows, one a line.
    pub(crate) fn text(&self) -> String {
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.leans.len()).map(width).collect();
        let line = |row: &Vec<String>| {
            let cells = row.iter().zip(&widths).zip(&self.leans);
            let cells: Vec<String> = cells
                .map(|((cell, width), lean)| match lean {
                    Lean::Left => format!("{cell:<width$}"),
                    Lean::Right => format!("{cell:>width$}"),
                })
                .collect();
            cells.join("  ").trim_end().to_owned()
        };
        self.rows.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut table = Table::new(&[(Lean::Left, "market"), (Lean::Right, "size")]);
        table.row(vec!["BTC-PERP".to_owned(), "1".to_owned()]);
        table.row(vec!["X".to_owned(), "-10.5".to_owned()]);
        let expected = "market     size\nBTC-PERP      1\nX         -10.5";
        assert_eq!(table.text(), expected);
    }
}

"""What every page has around its own: header, address, badge, drawer, help, and ways on where there is nothing."""

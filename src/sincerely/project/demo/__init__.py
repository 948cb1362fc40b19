"""The demo: from a file of people to a report, without a browser, on real wires."""

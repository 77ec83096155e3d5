"""An experiment, drawn and as a file to hand on."""

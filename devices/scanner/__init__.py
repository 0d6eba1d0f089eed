"""Barcode and QR scanners that speak over a serial port (USB-CDC). Keyboard scanners lose Vietnamese letters."""

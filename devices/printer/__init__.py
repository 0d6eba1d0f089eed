"""ESC/POS receipt printers: pictures drawn here, native QR, and an honest word about what became of a job."""

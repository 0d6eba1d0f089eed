"""What the city runs; here the receiving end that issues receipts."""

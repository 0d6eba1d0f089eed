"""The pages: officer, leader, rating tablet, login."""

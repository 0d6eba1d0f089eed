"""What joins the ports of the agent to drivers, models and the journal."""
